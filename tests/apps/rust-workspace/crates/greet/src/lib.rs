/// What visitors read.
pub fn word() -> &'static str {
    "hello"
}
