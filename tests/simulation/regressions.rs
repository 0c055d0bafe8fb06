//! Bugs that the simulation found, each with the seed or the course of events that showed it.
