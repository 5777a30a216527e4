# Single linkage cut at a Euclidean distance of 0.7 (published: 0.70 to 0.72), on a graph of 80 neighbors.
clustering = dict(method='fast_hac', k=80, distance=0.7)
