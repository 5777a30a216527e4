# Segmentation from tags in one training, on textured shapes of which two have a context that misleads, three seeds.
# Each goes on from a network that tells single shapes, as on photos it does from that of ImageNet.
suite = 'one_stage'
protocols = ['segmentation']
weaksup = 'mmwsl::weaksup/segmentation/'
runs = [
    dict(method='start', config=weaksup + 'start/start_r18w16_1xb64-cos-3e_shapes.py'),
    dict(method='start_mit', config=weaksup + 'start/start_mitxs4_1xb64-cos-3e_shapes.py'),
]
networks = dict(one_stage='r18w16', vit_pcm='r18w16', afa='mitxs4')
runs += [
    dict(method=method, config=f'{weaksup}{method}/{method}_{network}_1xb32-cos-8e_shapes.py', seeds=[seed],
         start='start-seed0' if network == 'r18w16' else 'start_mit-seed0')
    for seed in (0, 1, 2) for method, network in networks.items()
]
