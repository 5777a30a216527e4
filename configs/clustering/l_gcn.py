# L-GCN: links of each item with its neighbors, and propagation; learnt from known items (--learn), a graph of the
# published 80 neighbors, and small networks.
clustering = dict(method='l_gcn', k=80, fitted='work_dirs/l_gcn', steps=2000, seed=0)
