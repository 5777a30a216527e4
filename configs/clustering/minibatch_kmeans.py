# k-means on mini-batches of 100, with the true number of clusters: an advantage that unlabelled data do not give.
clustering = dict(method='minibatch_kmeans', clusters='truth', batch=100, seed=0)
