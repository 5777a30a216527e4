# Mean shift with a flat kernel; 0.8 is the distance of unit vectors with a cosine of 0.68, CDP's at 1.4 million.
clustering = dict(method='mean_shift', bandwidth=0.8)
