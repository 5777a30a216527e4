# L-GCN: links of each item with its neighbors, and propagation.
# Learnt from known items (--learn) by small networks, on a graph of the published 80 neighbors.
clustering = dict(method='l_gcn', k=80, fitted='work_dirs/l_gcn', steps=2000, seed=0)
