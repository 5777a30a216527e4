# DBSCAN on a kNN graph, with the settings of learn-to-cluster.
clustering = dict(method='knn_dbscan', k=80, threshold=0.7, distance=0.25, min_items=1)
