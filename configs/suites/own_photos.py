# What pre-training on one's own photos is worth, by its length, beside random weights and the pre-trained network,
# which saw ImageNet with labels: --data FOLDER, with a folder for each class.
suite = 'own_photos'
protocols = ['knn', 'linear']
recipe = 'mmwsl::selfsup/simclr/simclr_r18w16_1xb64-cos-100e_folder.py'
lite0 = 'mmwsl::pretrained/efficientnet_lite0.py'
name = {'benchmark.dataset': 'photos in class folders'}  # one table
runs = [
    dict(method='random', config=recipe, checkpoint='random', options=name),
    dict(method='simclr_5e', config=recipe, options=dict(name, epochs=5)),
    dict(method='simclr_20e', config=recipe, options=dict(name, epochs=20)),
    dict(method='simclr_100e', config=recipe, options=dict(name, epochs=100)),
    dict(method='random_lite0', config=lite0, checkpoint='random', options=name),
    dict(method='efficientnet_lite0', config=lite0, checkpoint='pretrained:efficientnet_lite0', options=name),
]
