# Hidden content of scenes with two to four digits, by their true whole shapes: PCNet-C, the same network as plain
# in-painting, and fills that need no network. Three seeds; some four minutes of one core.
suite = 'scenes_content'
protocols = ['content']
config = 'mmwsl::scenes/pcnet_c/pcnet_c_punet16_1xb32-cos-8e_digitscenes.py'
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
