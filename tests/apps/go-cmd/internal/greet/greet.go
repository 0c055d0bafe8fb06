package greet

// Word is what visitors read.
func Word() string { return "hello" }
