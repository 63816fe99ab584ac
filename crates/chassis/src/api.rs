//! A service's JSON API. Each operation is declared once, which makes both the route and its description in the
//! OpenAPI 3.1 document, so that the two agree.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, get, on};
use axum::{Json, Router};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use crate::problem::{Document, ProblemKind};
use crate::session::{Role, Session};

/// The description of one operation.
#[derive(Clone, Debug)]
pub struct Operation {
    summary: &'static str,
    description: Option<&'static str>,
    role: Option<Role>,
    public: bool,
    body: Option<SchemaOf>,
    query: Option<SchemaOf>,
    answers: Vec<(StatusCode, Option<SchemaOf>)>,
    problems: Vec<ProblemKind>,
}

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Operation {
    /// By default an operation is for everybody who is signed in.
    pub fn new(summary: &'static str) -> Self {
        let (answers, problems) = (Vec::new(), Vec::new());
        Self {
            summary,
            description: None,
            role: None,
            public: false,
            body: None,
            query: None,
            answers,
            problems,
        }
    }

    /// Adds a longer text to the summary.
    #[must_use]
    pub fn description(self, text: &'static str) -> Self {
        Self { description: Some(text), ..self }
    }

    /// Only for persons with this role; the route refuses others with 403.
    #[must_use]
    pub fn role(self, role: Role) -> Self {
        Self { role: Some(role), ..self }
    }

    /// Also for clients that are not signed in.
    #[must_use]
    pub fn public(self) -> Self {
        Self { public: true, ..self }
    }

    /// Has a JSON body of type `T`.
    #[must_use]
    pub fn body<T: JsonSchema>(self) -> Self {
        Self { body: Some(schema_of::<T>), ..self }
    }

    /// Has the query parameters of the struct `T`.
    #[must_use]
    pub fn query<T: JsonSchema>(self) -> Self {
        Self { query: Some(schema_of::<T>), ..self }
    }

    /// May answer with this status and a JSON body of type `T`.
    #[must_use]
    pub fn answers<T: JsonSchema>(mut self, status: StatusCode) -> Self {
        self.answers.push((status, Some(schema_of::<T>)));
        self
    }

    /// May answer 204, without a body.
    #[must_use]
    pub fn answers_nothing(mut self) -> Self {
        self.answers.push((StatusCode::NO_CONTENT, None));
        self
    }

    /// The problems that it may answer with. Those of session, role and body are added to the document by themselves.
    #[must_use]
    pub fn problems(self, kinds: &[ProblemKind]) -> Self {
        Self { problems: kinds.to_vec(), ..self }
    }
}

/// Routes below `<prefix>/api`, with the OpenAPI document at `<prefix>/api/openapi.json`.
pub struct ApiRouter<S = ()> {
    base: String,
    router: Router<S>,
    generator: SchemaGenerator,
    title: &'static str,
    paths: Map<String, Value>,
}

impl<S: Clone + Send + Sync + 'static> ApiRouter<S> {
    /// An empty API; `prefix` is a path such as `/award`.
    pub fn new(title: &'static str, prefix: &str) -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        Self {
            base: format!("{}/api", prefix.trim_end_matches('/')),
            router: Router::new(),
            generator: settings.into_generator(),
            title,
            paths: Map::new(),
        }
    }

    /// `GET <prefix>/api<path>`; parameters in braces.
    #[must_use]
    pub fn get<H: Handler<T, S>, T: 'static>(self, path: &str, handler: H, doc: Operation) -> Self {
        self.operation(Method::GET, MethodFilter::GET, path, handler, doc)
    }

    #[must_use]
    pub fn post<H: Handler<T, S>, T: 'static>(self, path: &str, handler: H, doc: Operation) -> Self {
        self.operation(Method::POST, MethodFilter::POST, path, handler, doc)
    }

    #[must_use]
    pub fn put<H: Handler<T, S>, T: 'static>(self, path: &str, handler: H, doc: Operation) -> Self {
        self.operation(Method::PUT, MethodFilter::PUT, path, handler, doc)
    }

    #[must_use]
    pub fn delete<H: Handler<T, S>, T: 'static>(self, path: &str, handler: H, doc: Operation) -> Self {
        self.operation(Method::DELETE, MethodFilter::DELETE, path, handler, doc)
    }

    fn operation<H: Handler<T, S>, T: 'static>(
        mut self,
        method: Method,
        filter: MethodFilter,
        path: &str,
        handler: H,
        doc: Operation,
    ) -> Self {
        let full = format!("{}{path}", self.base);
        let described = self.describe(&method, &full, &doc);
        let operations = self.paths.entry(full.clone()).or_insert_with(|| json!({}));
        operations[method.as_str().to_lowercase()] = described;
        let mut route: MethodRouter<S> = on(filter, handler);
        if let Some(role) = doc.role {
            route = route.layer(from_fn_with_state(role, require_role));
        }
        self.router = self.router.route(&full, route);
        self
    }

    fn describe(&mut self, method: &Method, path: &str, doc: &Operation) -> Value {
        let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut parameters: Vec<Value> = names
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
            .collect();
        if let Some(query) = doc.query {
            parameters.extend(query_parameters(&mut self.generator, query));
        }
        let mut responses = BTreeMap::new();
        for (status, body) in &doc.answers {
            let mut answer = json!({"description": status.canonical_reason().unwrap_or_default()});
            if let Some(body) = body {
                answer["content"] = json!({"application/json": {"schema": body(&mut self.generator)}});
            }
            responses.insert(status.as_str().to_owned(), answer);
        }
        let mut problems = doc.problems.clone();
        if !doc.public {
            problems.push(ProblemKind::SignIn);
        }
        if doc.role.is_some() {
            problems.push(ProblemKind::Forbidden);
        }
        if doc.body.is_some() {
            problems.extend([ProblemKind::Malformed, ProblemKind::Invalid]);
        }
        let document = schema_of::<Document>(&mut self.generator);
        for kind in ProblemKind::ALL.iter().filter(|kind| problems.contains(kind)) {
            let status = kind.status().as_str().to_owned();
            let id = format!("urn:bescheid:problem:{}", kind.id());
            let answer = responses.entry(status).or_insert_with(
                || json!({"description": "", "content": {"application/problem+json": {"schema": document}}}),
            );
            let earlier = answer["description"].as_str().unwrap_or_default();
            let separator = if earlier.is_empty() { "" } else { "; " };
            answer["description"] = format!("{earlier}{separator}{} (`{id}`)", kind.title()).into();
        }
        let id =
            format!("{} {}", method.as_str().to_lowercase(), path.strip_prefix(&self.base).unwrap_or(path));
        let mut operation = json!({
            "summary": doc.summary,
            "operationId": id.replace(['/', '{', '}', ' '], "_").replace("__", "_").trim_matches('_'),
            "parameters": parameters,
            "responses": responses,
        });
        if let Some(description) = doc.description {
            operation["description"] = description.into();
        }
        if let Some(body) = doc.body {
            let schema = body(&mut self.generator);
            operation["requestBody"] =
                json!({"required": true, "content": {"application/json": {"schema": schema}}});
        }
        if doc.public {
            operation["security"] = json!([]);
        }
        if let Some(role) = doc.role {
            operation["x-role"] = role.id().into();
        }
        operation
    }

    /// The OpenAPI 3.1 document.
    pub fn document(&self) -> Value {
        let definitions = self.generator.clone().take_definitions(true);
        json!({
            "openapi": "3.1.0",
            "info": {"title": format!("Bescheid: {}", self.title), "version": env!("CARGO_PKG_VERSION"), "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"}},
            "security": [{"bearer": []}, {"cookie": []}],
            "paths": self.paths,
            "components": {
                "schemas": definitions,
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "cookie": {"type": "apiKey", "in": "cookie", "name": crate::session::COOKIE},
                },
            },
        })
    }

    /// The routes, including that of the document.
    pub fn into_router(self) -> Router<S> {
        let document = self.document();
        let path = format!("{}/openapi.json", self.base);
        self.router.route(&path, get(async move || Json(document.clone())))
    }
}

async fn require_role(State(role): State<Role>, session: Session, request: Request, next: Next) -> Response {
    match session.require(role) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// The fields of the struct one by one, since OpenAPI describes each query parameter by itself.
fn query_parameters(generator: &mut SchemaGenerator, query: SchemaOf) -> Vec<Value> {
    let reference = query(generator).to_value();
    let name = reference["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    let schema = match name {
        Some(name) => generator.definitions_mut().remove(name).unwrap_or_default(),
        None => reference,
    };
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let parameter = |(name, of): (String, Value)| json!({"required": required(&name), "in": "query", "name": name, "schema": of});
    properties.into_iter().map(parameter).collect()
}
