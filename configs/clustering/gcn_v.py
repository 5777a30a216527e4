# GCN-V: each item is joined to the nearest neighbor that is more confident; learnt from known items (--learn), a graph of the
# published 80 neighbors, and small networks.
clustering = dict(method='gcn_v', k=80, fitted='work_dirs/gcn_v', steps=2000, seed=0)
