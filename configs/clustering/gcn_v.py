# GCN-V: each item is joined to the nearest neighbor that is more confident.
# Learnt from known items (--learn) by small networks, on a graph of the published 80 neighbors.
clustering = dict(method='gcn_v', k=80, fitted='work_dirs/gcn_v', steps=2000, seed=0)
