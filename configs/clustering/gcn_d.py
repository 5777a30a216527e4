# GCN-D: each item goes to the best proposal that has it.
# Learnt from known items (--learn) by small networks, on a graph of the published 80 neighbors.
clustering = dict(method='gcn_d', k=80, fitted='work_dirs/gcn_d', steps=2000, seed=0)
