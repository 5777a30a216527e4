# Ward's criterion along the edges of a graph of 30 neighbors, as in CDP's tables, with the true number of clusters.
clustering = dict(method='hac', k=30, clusters='truth')
