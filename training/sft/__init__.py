"""Supervised finetuning: adapters for a customer's documents, on the conversations that the service has."""
