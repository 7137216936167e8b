"""A training step for LoRA factors on a frozen Llama that does little beside its matrix products.

Transformers and PEFT run any model; this runs one family on whole conversations laid end to end, without
padding or masks, with attention in blocks, and computes logits where something is learned. On one CPU core in
bfloat16 that is 1.4 to 2.5 times as fast, by how the others lay out their rows (docs/results/lean_step.md),
and numerically it is the same step (tests/training/lean).
"""
