fn main() -> std::process::ExitCode {
    host::main::<notification::AppState>()
}
