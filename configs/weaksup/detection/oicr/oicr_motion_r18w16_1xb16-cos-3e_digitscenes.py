# OICR on the first proposals of a file; see wsddn_motion_....
_base_ = '../wsddn/wsddn_motion_r18w16_1xb16-cos-3e_digitscenes.py'

model = dict(head=dict(type='OICRHead'))
