//! The `airx` program; all of it lives in the library.

fn main() -> ! {
    airx::run()
}
