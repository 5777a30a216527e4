# k-means with the true number of clusters, as the truth tells: an advantage that unlabelled data do not give.
clustering = dict(method='kmeans', clusters='truth', seed=0)
