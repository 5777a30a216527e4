# Hidden content of stacks of ellipses that are three deep, by their true whole shapes: PCNet-C, the same network as
# plain in-painting, and fills that need no network. Three seeds.
suite = 'scenes_content'
protocols = ['content']
config = 'mmwsl::scenes/pcnet_c/pcnet_c_punet16_1xb64-cos-4e_digitstacks.py'
fill = dict(_delete_=True, type='ContentBaseline')
runs = [
    dict(method='mean_fill', config=config, checkpoint='random', options={'model': dict(fill, kind='mean_fill')}),
    dict(method='border_fill', config=config, checkpoint='random', options={'model': dict(fill, kind='border_fill')}),
    dict(method='diffusion', config=config, checkpoint='random', options={'model': dict(fill, kind='diffusion')}),
]
for seed in (0, 1, 2):
    runs += [
        dict(method='pcnet_c', config=config, seeds=[seed]),
        dict(method='inpainting', config=config, seeds=[seed],
             options={'model.guided': False, 'model.background': 0.0}),
    ]
