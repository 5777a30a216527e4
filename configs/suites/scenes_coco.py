# Objects of COCO's photos pasted upon one another, of photos that nothing was trained on: order and whole shapes by
# PCNet-M, which learnt from masks of what is seen, by rules that need no network, and by a network that is told whole
# shapes. Three seeds.
suite = 'scenes_coco'
protocols = ['scene']
config = 'mmwsl::scenes/pcnet_m/pcnet_m_unet8_1xb64-cos-100e_coco.py'
supervised = 'mmwsl::scenes/supervised_completion/supervised_completion_unet8_1xb64-cos-24e_coco.py'
rule = dict(_delete_=True, type='SceneBaseline')
runs = [
    dict(method='smaller_area', config=config, checkpoint='random',
         options={'model': dict(rule, order='area', shape='visible')}),
    dict(method='area', config=config, checkpoint='random',
         options={'model': dict(rule, order='larger_area', shape='visible')}),
    dict(method='y_axis', config=config, checkpoint='random',
         options={'model': dict(rule, order='y_axis', shape='visible')}),
    dict(method='hull', config=config, checkpoint='random',
         options={'model': dict(rule, order='convex_hull', shape='hull')}),
    dict(method='convex_hull', config=config, checkpoint='random',
         options={'model': dict(rule, order='convex_hull', shape='hidden_hull')}),
]
for seed in (0, 1, 2):
    runs += [
        dict(method='pcnet_m', config=config, seeds=[seed]),
        dict(method='pcnet_m_direct', config=config, ensemble=[f'pcnet_m-seed{seed}'], seeds=[seed],
             options={'model.direct': True}),
        dict(method='supervised', config=supervised, seeds=[seed]),
    ]
