//! One service in this process.

use std::ffi::OsString;
use std::process::ExitCode;

use events::Service;

/// Runs the service of that name with its own arguments.
pub fn main(name: &str, arguments: Vec<OsString>) -> ExitCode {
    let Some(service) = Service::from_name(name) else {
        let known = Service::ALL.map(Service::name).join(", ");
        eprintln!("bescheid: there is no service {name:?}; there are {known}");
        return ExitCode::FAILURE;
    };
    match service {
        Service::Intake => chassis::main_with("intake", arguments, intake::run),
        Service::Eligibility => chassis::main_with("eligibility", arguments, eligibility::run),
        Service::Review => chassis::main_with("review", arguments, review::run),
        Service::Award => chassis::main_with("award", arguments, award::run),
        Service::Notification => chassis::main_with("notification", arguments, notification::run),
    }
}

/// Where the pages and the API of a service begin.
pub fn prefix(service: Service) -> &'static str {
    match service {
        Service::Intake => "/apply",
        Service::Eligibility => "/eligibility",
        Service::Review => "/review",
        Service::Award => "/award",
        Service::Notification => "/mail",
    }
}

/// Everything that must be migrated in the database of a service.
pub fn migrators(service: Service) -> [&'static sqlx::migrate::Migrator; 2] {
    let own = match service {
        Service::Intake => &intake::MIGRATIONS,
        Service::Eligibility => &eligibility::MIGRATIONS,
        Service::Review => &review::MIGRATIONS,
        Service::Award => &award::MIGRATIONS,
        Service::Notification => &notification::MIGRATIONS,
    };
    [&bus::MIGRATIONS, own]
}
