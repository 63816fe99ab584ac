fn main() -> std::process::ExitCode {
    host::main::<award::AppState>()
}
