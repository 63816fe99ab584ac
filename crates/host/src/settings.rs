//! The settings that every service has.

use chassis::ServiceSettings;

/// Settings with a section `[nats]`.
pub trait HasNats: ServiceSettings {
    /// `[nats]`
    fn nats(&self) -> &bus::Settings;
}

/// Defines `Settings` of a service: the sections that all have, and its own. Its own
/// migrations, named first, come after those of the bus. Unknown keys are refused.
#[macro_export]
macro_rules! settings {
    ($migrations:path; $($(#[$attribute:meta])* $section:ident: $type:ty),* $(,)?) => {
        /// The settings of this service, by section.
        #[derive(Clone, Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Settings {
            /// How the process is reached.
            #[serde(default)]
            pub http: chassis::settings::Http,
            /// What it logs.
            #[serde(default)]
            pub log: chassis::settings::Log,
            /// The keys that sign and verify sessions.
            pub session: chassis::settings::SessionKeys,
            /// Its own database.
            pub database: chassis::settings::Database,
            /// The broker.
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
