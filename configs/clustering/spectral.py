# Normalized cuts of a graph of 15 neighbors, with the true number of clusters.
clustering = dict(method='spectral', k=15, clusters='truth', seed=0)
