"""`yan-brain bench core`: the Yan core beside its peers, each group in a process of its own."""
