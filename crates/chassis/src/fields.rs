use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// All fields of a form in the order in which they were sent; a name may repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(String, String)>", into = "Vec<(String, String)>")]
pub struct Fields {
    pairs: Vec<(String, String)>,
    /// For each name the indexes of its values in `pairs`.
    places: HashMap<String, Vec<usize>>,
}

impl Fields {
    /// The first value of `name`, or an empty text.
    pub fn get(&self, name: &str) -> &str {
        let first = self.places.get(name).and_then(|places| places.first());
        first.map_or("", |place| self.pairs[*place].1.as_str())
    }

    /// All values of `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.places.get(name).into_iter().flatten().map(|place| self.pairs[*place].1.as_str())
    }

    /// Names and values, in the order of the form.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl From<Vec<(String, String)>> for Fields {
    fn from(pairs: Vec<(String, String)>) -> Self {
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, (name, _)) in pairs.iter().enumerate() {
            places.entry(name.clone()).or_default().push(place);
        }
        Self { pairs, places }
    }
}

impl From<Fields> for Vec<(String, String)> {
    fn from(fields: Fields) -> Self {
        fields.pairs
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self::from(pairs.into_iter().collect::<Vec<_>>())
    }
}
