select *, tenant as org
from public.traces
