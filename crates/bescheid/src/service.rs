//! `bescheid service`: one service in this process; and what differs between the services.

use std::ffi::OsString;
use std::process::ExitCode;

use events::Service;

/// Runs the service with this name and its arguments.
pub fn main(name: &str, arguments: Vec<OsString>) -> ExitCode {
    let Some(service) = Service::from_name(name) else {
        let known = Service::ALL.map(Service::name).join(", ");
        eprintln!("bescheid: there is no service {name:?}; there are {known}");
        return ExitCode::FAILURE;
    };
    match service {
        Service::Intake => host::main_with::<intake::AppState>(arguments),
        Service::Eligibility => host::main_with::<eligibility::AppState>(arguments),
        Service::Review => host::main_with::<review::AppState>(arguments),
        Service::Award => host::main_with::<award::AppState>(arguments),
        Service::Notification => host::main_with::<notification::AppState>(arguments),
    }
}

/// Path prefix of the pages and the API of a service.
pub fn prefix(service: Service) -> &'static str {
    match service {
        Service::Intake => intake::PREFIX,
        Service::Eligibility => eligibility::PREFIX,
        Service::Review => review::PREFIX,
        Service::Award => award::PREFIX,
        Service::Notification => notification::PREFIX,
    }
}

/// The migrations of a service's database, in order.
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
