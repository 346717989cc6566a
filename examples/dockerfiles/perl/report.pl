use strict;
use warnings;
use Cwd;
use JSON;
print JSON->new->canonical->encode({ for => $ARGV[0], in => getcwd(), data => -d 'data' ? 'there' : 'missing' }), "\n";
