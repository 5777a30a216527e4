# GCN-V+E: each confident item is joined to the neighbor that is most probably of its class.
# Learnt from known items (--learn) by small networks, on a graph of the published 80 neighbors.
clustering = dict(method='gcn_v_e', k=80, fitted='work_dirs/gcn_v_e', steps=2000, seed=0)
