package main

func main() { println("sweeping") }
