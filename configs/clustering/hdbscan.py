# HDBSCAN on features, with the settings of CDP's tables.
clustering = dict(method='hdbscan', min_items=10)
