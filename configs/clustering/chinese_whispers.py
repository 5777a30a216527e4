# Chinese whispers, with the settings of learn-to-cluster.
clustering = dict(method='chinese_whispers', k=80, threshold=0.6, iterations=20, seed=0)
