# Approximate rank-order, with the settings of learn-to-cluster.
clustering = dict(method='rank_order', k=80, threshold=1.0)
