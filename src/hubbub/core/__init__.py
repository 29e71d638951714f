"""The rules of the chat as pure functions and values: no await, no I/O, no clock, no randomness."""
