//! The words of memorable names: short, plain, easy to say and to spell, and of no bad meaning beside one another.
//!
//! Names are made from the places of words in these lists, so a word that is added or taken out changes the names that
//! new apps get. Names that were given stay, because they are stored.

/// How something is.
pub(super) const ADVERBS: &str = "
always barely boldly bravely briefly brightly calmly clearly daily deeply dearly duly early easily evenly fairly
firmly fondly freely freshly gently gladly greatly happily highly kindly largely lightly loudly mainly merrily mildly
mostly nearly neatly newly nicely often openly plainly promptly proudly purely quickly quietly rarely really rightly
safely simply smoothly softly solidly soundly sweetly swiftly tidily truly utterly vastly warmly wholly widely wisely
";

/// What something is like.
pub(super) const ADJECTIVES: &str = "
able active agile airy alert alpine amber ample ancient apt arctic ardent artful astute autumn avid awake aware azure
balmy bold brave breezy brief bright brisk broad bronze bubbly busy calm candid capable careful cheery chief civic
civil classic clean clear clever coastal cool copper cordial cosmic cosy crimson crisp curious daring deep deft
devoted direct divine dreamy durable dusky dynamic eager early earnest easy electric elegant eminent emerald epic
equal even exact fabled fair famed fancy fast festive fine firm fit fleet floral fluent fond formal fresh frosty full
gallant gentle genuine giant gifted glad gleaming global glossy golden good gracious grand grateful great green handy
happy hardy harmonic hazel hearty helpful honest humble hushed ideal immense indigo ivory jaunty jolly jovial joyful
jubilant keen kind kindly large lasting lavish leafy level light likely lilac limber literal lively lofty logical
loyal lucid lucky lunar lush magenta magic maroon mellow merry mighty mild mindful mint misty modern modest musical
native nautical neat new nimble noble northern novel open orange orderly organic patient peaceful pearly pleasant
plucky polar polite prime proper proud pure quaint quick quiet radiant rapid ready regal rested robust rosy round
royal ruby rural rustic sage sandy scarlet scenic serene shiny silent silver simple sincere skilful sleek smart smooth
snowy social solar solid sonic sound southern spare special spirited stable starry steady stellar sterling strong
subtle sunny super sure swift tactful tame tender thankful tidal tidy timely topical tranquil trim true trusty unique
united upbeat urban useful valiant vast velvet verdant vibrant vital vivid warm western whole wide willing winged
winter wise witty wooden worthy young zesty
";

/// What something is.
pub(super) const NOUNS: &str = "
acorn almond alpaca anchor antler apple apricot arbor arch aspen aster atlas aurora badger bagel bamboo banjo barley
basil bay beacon bear beaver beetle bell birch bison blossom bluebird boat bonsai breeze bridge brook buffalo bugle
butter button cabin cactus camel canary candle canoe canyon carp castle cedar cello cheetah cherry chestnut cider
cinema citrus clarinet cliff cloud clover comet compass condor copse coral cosmos cottage cove coyote crane crater
creek cricket crow crystal cypress daffodil dahlia daisy dawn deer delta desert diamond dingo dolphin donkey dove
dragon dune eagle echo eclipse egret elk ember emu estuary falcon fern ferret fiddle field fig finch fjord flame
flamingo flute forest fountain fox garden garnet gazelle gecko geyser ginger giraffe glacier glade globe goose gopher
granite grove guitar gull hamlet harbor hare harp hawk hazelnut heather hedgehog heron hill hollow honey horizon
hornet hyacinth ibex iceberg iguana impala inlet iris island ivy jackal jaguar jasmine jasper jay jigsaw juniper
kangaroo kayak kestrel kettle kite kiwi koala lagoon lake lantern lark laurel lavender leaf lemon lemur lentil leopard
lily linnet lion lizard llama lobster lotus lynx magnolia magpie mallard mango maple marble marlin marmot marsh marten
meadow melody melon meteor mill minnow mirror mole monsoon moon moose moss mountain muffin nebula nectar newt nutmeg
oak oasis ocean octopus olive onyx opal orbit orchard orchid oriole osprey otter owl oyster panda panther papaya
parrot pasture peach pear pebble pelican penguin peony pepper petal phoenix piano pigeon pine planet plaza plum pond
pony poplar poppy prairie puffin puma pumpkin quail quarry quartz quill quilt rabbit radish rain raven reef reindeer
ridge river robin rocket rose rowan saffron salmon sandpiper sapphire savanna seal sequoia shore sketch sky sloth snow
sonata sparrow spruce squirrel star starling stone stork storm stream summit sunrise sunset swallow swan tapir teal
temple thicket thistle thrush thunder tiger timber toucan tower trail trout tulip tundra turtle valley vine violet
violin walnut walrus waterfall wave weasel whale wheat willow wind wolf wombat wren yak zebra zephyr
";

/// What no customer may be called: names that hosts, mail and platforms give a meaning to.
pub(super) const RESERVED: &str = "
abuse account accounts admin administrator api app apps assets auth autoconfig autodiscover backup backups billing blog
broadcasthost build byop cache cdn ci client cluster cname config console contact control cpanel customer customers
dashboard database db demo deploy dev dns docker docs download email example ftp gateway git health help host hostmaster
hosting http https image images imap internal intranet invalid ipv4 ipv6 isatap kubernetes ldap local localdomain
localhost login logs lost-found mail mailer manage manager media metrics mobile monitor mx mysql name nameserver news
noc node ns ns0 ns1 ns2 ns3 ns4 ntp null oauth operator page panel pop pop3 portal postgres postmaster preview private
production proxy public redis registry relay root router rsync sandbox secure security server servers service services
sftp shop signup smtp sql ssh ssl sso staging static statistics stats status store superuser support sysadmin system
telnet temp test testing tls traefik undefined usenet user users uucp vpn web webdisk webhook webmail webmaster whm
whois wildcard wpad www www1 www2 xmpp
";

/// Pieces of words that a name has nowhere, not even where two of its words meet.
pub(super) const RUDE: &str = "
anal anus arse bastard bitch bloody boob cock coon crap cum cunt damn dick dildo dyke fag fart fuck gook hell hitler
homo jap jerk kike kill kkk lust nazi nigg nude orgy paki penis piss poop porn puke pussy queer rape retard scum semen
sex shag shit slag slut spic suck tard tit turd twat vagina wank whore wog
";
