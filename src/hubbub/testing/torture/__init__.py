"""`hubbub torture`: load, faults and a verdict. `crowd` are the people, `arena` is what they and the faults share,
`faults` are the faults, `run` puts a run together, `follow` only reads at somebody else's server."""
