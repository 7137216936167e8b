"""A training step for LoRA factors on a frozen Llama that does little beside its matrix products.

Transformers and PEFT run any model; this runs one family on whole conversations laid end to end, without
padding, masks or casts of frozen weights, and computes logits where something is learned. On one CPU core in
bfloat16 that is two to three times as fast (docs/results/lean_step.md), and numerically it is the same step
(tests/training/lean).
"""
