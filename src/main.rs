//! The `airx` program. Everything it does is in the library.

fn main() {
    airx::run();
}
