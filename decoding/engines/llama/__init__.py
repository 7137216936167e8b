"""A Llama on a processor: few operators a layer, four bits where the weights have no more. Imports torch."""
