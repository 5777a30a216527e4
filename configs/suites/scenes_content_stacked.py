# Hidden content of stacks of striped ellipses that are three deep: as scenes_content.
suite = 'scenes_content_stacked'
protocols = ['content']
config = 'mmwsl::scenes/pcnet_c/pcnet_c_punet16_1xb64-cos-4e_digitstacks.py'
fill = dict(_delete_=True, type='ContentBaseline')
runs = [dict(method='pcnet_c', config=config, seeds=[0, 1, 2])]
runs += [
    dict(method=kind, config=config, checkpoint='random', options={'model': dict(fill, kind=kind)})
    for kind in ('mean_fill', 'border_fill', 'diffusion')
]
runs += [
    dict(method='inpainting', config=config, seeds=[0, 1, 2],
         options={'model.guided': False, 'model.background': 0.0})
]
