# k-means with the true number of clusters, which the truth has to tell: an advantage that unlabelled data does not give.
clustering = dict(method='kmeans', clusters='truth', seed=0)
