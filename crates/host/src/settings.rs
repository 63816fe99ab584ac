use chassis::ServiceSettings;

/// Settings with a section `[nats]`.
pub trait HasNats: ServiceSettings {
    fn nats(&self) -> &bus::Settings;
}

/// Defines the `Settings` of a service: the sections that all services have, and its own. The first argument is
/// the migrator of the service, which runs after that of the bus. Unknown keys are refused.
#[macro_export]
macro_rules! settings {
    ($migrations:path; $($(#[$attribute:meta])* $section:ident: $type:ty),* $(,)?) => {
        /// The settings of this service, by section.
        #[derive(Clone, Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Settings {
            #[serde(default)]
            pub http: chassis::settings::Http,
            #[serde(default)]
            pub log: chassis::settings::Log,
            pub session: chassis::settings::SessionKeys,
            pub database: chassis::settings::Database,
            pub nats: bus::Settings,
            $($(#[$attribute])* pub $section: $type,)*
        }

        impl chassis::ServiceSettings for Settings {
            fn http(&self) -> &chassis::settings::Http {
                &self.http
            }
            fn log(&self) -> &chassis::settings::Log {
                &self.log
            }
            fn session(&self) -> &chassis::settings::SessionKeys {
                &self.session
            }
            fn database(&self) -> &chassis::settings::Database {
                &self.database
            }
            fn migrators() -> Vec<&'static sqlx::migrate::Migrator> {
                vec![&bus::MIGRATIONS, &$migrations]
            }
        }

        impl $crate::HasNats for Settings {
            fn nats(&self) -> &bus::Settings {
                &self.nats
            }
        }
    };
}
