# GCN-D+S: impure proposals lose items of other classes first.
# Learnt from known items (--learn) by small networks, on a graph of the published 80 neighbors.
clustering = dict(method='gcn_d_s', k=80, fitted='work_dirs/gcn_d_s', steps=2000, seed=0)
