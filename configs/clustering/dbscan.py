# DBSCAN on features, with the settings of CDP's tables.
clustering = dict(method='dbscan', distance=0.75, min_items=10)
