# {a|b|} is a choice, $SLOT a value; each line is filled in several times.
c D {run|start|launch|spin up|fire up|create|bring up} {a|an|one|} {new |}{$IMAGE|$IMAGEREF} {container|instance|} {named $NAME|called $NAME|} {on port $PORT|publishing $PORT:$PORT|with port $PORT:$PORT|}
c D {run|start|launch} {a container from|the image} {$IMAGEREF|$IMAGE} {as $NAME|named $NAME|} {with $ENVVAR|with a volume $NAME at /data|detached|}
c D {I need|we need|get me|give me|I want} {a|one|another} $IMAGE {container|in docker|running locally} {on $PORT|with $MEM of memory|}
c D {create|make|add|set up} a {docker |}{volume|network} {called|named|} $NAME
c D {build|rebuild} {the |an |}image {for $NAME|from ./$NAME|$IMAGEREF|from the Dockerfile in $DIR}
c D {write|create|generate|draft} a {Dockerfile|docker-compose.yml|compose file} for {a $LANG {app|service|project}|$NAME}
c D {pull|fetch|download} {the |}{image |}$IMAGEREF
c D docker run {-d |}{--name $NAME |}{-p $PORT:$PORT |}{-e $ENVVAR |}$IMAGEREF
d D {push|upload|publish} {the image |}$IMAGEREF {to the registry|to ghcr|to docker hub|}
d D {deploy|ship|roll out} {the |}{$NAME|$IMAGEREF} {container|with docker compose|to the swarm|on the docker host}
s D {scale|set|bring|take} {the |}{compose|swarm} service $NAME {to|up to|down to} $N {containers|replicas|}
m D {show|list|display|get|give me|what are} {me |}{the |all |}{running |stopped |}{containers|docker images|docker volumes|docker networks}
m D {show|tail|get|print|follow} {me |}{the |}{last $N lines of the |}logs {of|for|from} {the |}{container $NAME|$NAME container}
m D {inspect|look at|describe|show} {the |}{container $NAME|image $IMAGEREF|docker network $NAME|$NAME container}
m D {is|are} {the |}{$NAME container|container $NAME|containers} {running|up|healthy|ok}?
m D {how much|how many} {memory|cpu|disk space|containers|images} {does|do|are} {docker|the $NAME container|the containers} {use|using|running|there}?
x D {stop|remove|delete|kill|rm|get rid of|destroy|shut down} {the |}{container|containers} {$NAME|$NAME and $NAME|named $NAME}
x D {remove|delete|prune|clean up|wipe|purge} {all |}{unused|dangling|stopped|old|exited} {docker |}{images|containers|volumes|networks}
x D {delete|remove|drop} {the |}{docker |}{volume|network|image} {$NAME|$IMAGEREF}
x D {stop|take down|bring down|tear down} {the |}{compose stack|compose project $NAME|docker compose stack|swarm stack $NAME}
u D {restart|bounce|reboot|recycle} {the |}{container $NAME|$NAME container|docker container $NAME}
u D {update|upgrade|bump} {the |}{container $NAME|$NAME container} to {$IMAGEREF|version $VERSION}
u D {connect|attach|rename|pause|unpause} {the |}container $NAME {to the network $NAME|to $NAME|}
b D {back up|backup|archive|export|save|dump|snapshot} {the |}{docker volume|container|volume of the container|image} $NAME {to $FILE|}
b D restore {the |}{docker |}volume $NAME from {the backup|$FILE}
g D {why|tell me why} {is|does} {the |}{container $NAME|$NAME container} {keep restarting|crash|exit|unhealthy|not start|so slow|not reachable on port $PORT}{?|}
g D {the |my |our |}{container $NAME|$NAME container} {keeps crashing|won't start|exits with code $N|is stuck restarting|can't reach $NAME|died again} {, please help|, fix it|, what's wrong?|}
g D {debug|troubleshoot|diagnose|investigate|fix} {the |}{container $NAME|$NAME container|docker daemon|compose network}
c K {create|make|add|set up|provision} {a|the|} {new |}{namespace|secret|configmap|ingress|deployment|service account|pvc|cronjob|job|statefulset} {called|named|} $NAME {in $NS|in namespace $NS|}
c K {create|make} {a |}deployment {$NAME|named $NAME} {from|with|of} {image |}$IMAGEREF {with $N replicas|}
c K {expose|publish} {the |}deployment $NAME {on port $PORT|as a LoadBalancer|}
c K {create|spin up|start|bring up} a {kind|minikube|local kubernetes} cluster {called $NAME|with $N nodes|}
c K {write|generate} {a |}{kubernetes |k8s |}{manifest|deployment yaml|ingress manifest} for $NAME
d K {deploy|roll out|ship|release} {the |}{$NAME|$NAME service|$IMAGEREF|version $VERSION of $NAME} {to|in|into|on} {$NS|the $NS namespace|the cluster|kubernetes}
d K {apply|kubectl apply|deploy} {the manifests in $DIR|$FILE|the yaml in $DIR|-f $FILE} {to the cluster|in $NS|to namespace $NS|}
s K {scale|resize|bring|take|set} {the |}{deployment |statefulset |}$NAME {deployment |}{to|up to|down to|at} $N {replicas|pods|instances|} {in $NS|}
s K {increase|raise|reduce|decrease|bump up|double} {the |}{replicas|number of pods|pod count|replica count} {of|for} $NAME {to $N|} {in $NS|}
s K {add|create|set up|configure} {an |a }{hpa|autoscaler|horizontal pod autoscaler} for $NAME {between $N and $N|with min $N and max $N|} {at 70% cpu|}
s K {$NAME needs|give $NAME|we want} {more|$N} {replicas|pods} {in $NS|}
s K {add|give} {$N|two|three} {more |}nodes to the {cluster|node pool}
m K {list|show|get|display|give me|what are} {me |}{the |all |}{pods|deployments|services|ingresses|nodes|events|configmaps|namespaces|pvcs} {in $NS|in namespace $NS|across all namespaces|}
m K {show|get|tail|follow|stream} {me |}{the |}logs {of|for|from} {the |}{pod $NAME|$NAME pod|deployment $NAME|$NAME in $NS}
m K {what is|what's|check|show|tell me} the {status|health|rollout status} of {the |}{$NAME|deployment $NAME|pods in $NS|cluster}
m K {is|are} {the |}{$NAME deployment|$NAME in $NS|pods in $NS|rollout of $NAME} {healthy|ready|up|finished|running|available}?
m K {how many|which} {pods|replicas|nodes|deployments} {are running|are there|are ready} {in $NS|in the cluster|for $NAME}?
m K {describe|inspect} {the |}{pod|deployment|service|node|ingress} $NAME
x K {delete|remove|kill|destroy|drop|get rid of} {the |}{pod|deployment|service|ingress|namespace|job|cronjob|pvc|secret|configmap|statefulset} $NAME {in $NS|from $NS|}
x K {delete|tear down|destroy|remove|shut down} {the |my |}{kind|minikube|} cluster {$NAME|}
x K {remove|delete|evict} {all |}{failed|evicted|completed} {pods|jobs} {in $NS|}
x K drain {node |}$NAME and {remove it|delete it|take it out of the cluster}
u K {restart|rollout restart|bounce|recycle} {the |}{deployment $NAME|$NAME deployment|pods of $NAME|statefulset $NAME} {in $NS|}
u K {roll back|rollback|revert|undo} {the |}{deployment |rollout of |}$NAME {to revision $N|to the previous version|one version|in $NS}
u K {update|bump|upgrade|change|set} {the |}{image of |}{deployment |}$NAME {deployment |}to {$IMAGEREF|version $VERSION|$VERSION} {in $NS|}
u K {label|taint|cordon|uncordon|annotate} {the |}node $NAME {with $LABEL|}
u K {set|change|update|add} {env |the env var |}$ENVVAR {on|for|in} {the |}deployment $NAME
u K {set|change} the {memory|cpu} limit of {deployment |}$NAME to $MEM
u K {edit|patch|change|update} {the |}{configmap|secret|service|ingress} $NAME {in $NS|}
u K {switch|change|use} {the |}{context|kube context} {to |}$NAME
b K {back up|backup|snapshot|save|export} {the |}{namespace $NS|cluster|etcd|persistent volumes of $NS|configmaps of $NS} {with velero|}
b K restore {the |}{namespace $NS|cluster|$NAME} from {the |}{velero |}backup {$NAME|}
g K {why|tell me why|find out why} {is|are} {the |}{pod $NAME|$NAME pods|deployment $NAME|$NAME in $NS} {crashing|pending|stuck|crashlooping|not ready|failing|restarting|OOMKilled|evicted|down}{?|}
g K {the |our |}{$NAME pods|pod $NAME|$NAME deployment|$NAME service} {keep crashing|are stuck in Pending|is in CrashLoopBackOff|returns 503|is not reachable|keeps restarting|got OOMKilled} {in $NS|} {, what's going on?|, please fix|}
g K {debug|troubleshoot|diagnose|investigate|look into|fix} {the |}{pod $NAME|failing $NAME deployment|CrashLoopBackOff of $NAME|ingress $NAME|node $NAME that is NotReady}
d H {helm install|install|deploy} {the |}{chart |helm chart |}$CHART {as $NAME|with release name $NAME|} {in namespace $NS|into $NS|} {with helm|using helm|}
d H {install|deploy|roll out} {the |}{$CHART|$NAME|$CHART} {chart|helm chart} {in $NS|as $NAME|}
u H {upgrade|update|bump} {the |}{helm release|release} $NAME {to chart version $VERSION|to $VERSION|with $HELMSET|} {in $NS|}
u H {roll back|rollback|revert} {the |}{helm release|release} $NAME {to revision $N|}
u H helm upgrade $NAME $CHART {--set $HELMSET|-f values.yaml|}
x H {uninstall|delete|remove} {the |}{helm release|release|helm chart} $NAME {from $NS|}
m H {list|show} {all |the |}{helm releases|releases installed by helm|values of release $NAME|history of helm release $NAME|revisions of release $NAME}
m H {show|what are} {me |}the {default |}values of {the |}chart $CHART
m HV {lint|validate} {the |}{chart|helm chart} {in $DIR|charts/$NAME}
c H {create|scaffold|package|generate} a {new |}{helm |}chart {called $NAME|for $NAME|named $NAME}
b H {back up|export|save} the values of {the |}{helm release|release} $NAME
g H {why|find out why} {did|does} {the |}{helm release $NAME|helm upgrade of $NAME|release $NAME} {fail|hang|time out}
g H {the |}{helm release|release} $NAME is stuck in {pending-upgrade|pending-install|failed}
s H {scale|set} {the |}{helm release|release} $NAME to $N replicas
c T {write|create|generate|add} {the |}{terraform code|terraform config|a terraform module|tf code} for {a |an }{vpc|s3 bucket|rds database|gke cluster|load balancer|vm}
c T {apply|terraform apply} {the |}{terraform |}{in $DIR|config in $DIR|plan|changes in $DIR|}
c T {provision|create|set up|spin up} {a |an |}{vpc|s3 bucket|ec2 instance|rds database|eks cluster|security group|load balancer} {with|using|via|in} terraform
m T {show|run|preview|do} {me |}{a |the |}terraform plan {in $DIR|for $DIR|}
m T {show|list} {the |}terraform {state|outputs|resources|workspaces} {in $DIR|}
m T {check|is there|any|detect} {for |}drift {in|between} {the terraform state|terraform and aws|$DIR with terraform}
m TV {validate|lint|check the syntax of} {the |}{terraform|tf} {code|config|module} {in $DIR|}
x T {destroy|tear down|remove} {the |everything in |}{terraform |}{stack|resources|environment} {in $DIR with terraform|managed by terraform|created by terraform}
x T terraform destroy {in $DIR|-target $TFRES|}
u T {import|move|taint|untaint|replace} $TFRES {into the terraform state|in terraform|in the state}
u T {unlock|force-unlock|migrate|refresh} the terraform state
u T {switch|select|change} {to |}{the |}terraform workspace {to |}$NAME
b T {back up|backup|copy|save} {the |}terraform state {of $DIR|to $FILE|}
g T {why|find out why} {does|did} terraform {apply|plan|init} {fail|hang|error out|want to replace $TFRES} {in $DIR|}
g T terraform {apply|plan|init|destroy} {fails|errors|hangs|blows up} {in $DIR|with a lock error|with access denied|}
c G {open|create|raise|make} a {pull request|PR|draft PR} from $BRANCH {to|into} {main|develop}
c G {create|open|file|raise} an issue {in $REPO|} {titled "$TITLE"|about $NAME|for the bug in $NAME}
c G {create|make|cut} a {new |}branch $BRANCH {from main|off develop|}
c G {create|make|set up} a {private |public |new |}{repo|repository} {called $NAME|$REPO|named $NAME}
c G {clone|fork} {the repo |}$REPO
c G {create|publish|cut|draft} {a |the |}{github release|release v$VERSION} {in $REPO|on github|}
m G {list|show|what are} {me |}{the |all |}{open |}{pull requests|PRs|issues|branches|commits on main} {in $REPO|}
m G {show|view|what's the status of} {PR|pull request|issue} #$NUM
x G {delete|remove} {the |}{branch $BRANCH|$BRANCH branch|repo $REPO|repository $REPO|github release v$VERSION}
u G {merge|approve|close|reopen|squash|rebase} {PR|pull request|the PR} {#|}$NUM {in $REPO|}
u G {close|label|assign|comment on|reopen} issue #$NUM {as bug|to alice|}
u G {rename|protect|merge} {the |}branch $BRANCH {to main|into main|}
b G {mirror|back up} {the |}{repo|repository} $REPO {to gitlab|}
g G {why|tell me why} {can't|cannot} {PR|pull request} #$NUM {be merged|merge}
c GC {create|add|write|set up} a {github actions |}workflow {that|which|to} {runs tests on push|builds the image|lints the code|deploys to staging|publishes the package}
d GC {trigger|run|dispatch|kick off|start} {the |}{workflow|github workflow|github action} {$WORKFLOW|$NAME} {on $BRANCH|with env=prod|on main|}
m GC {show|list|watch} {the |}{last|latest|recent} {workflow|github actions} {run|runs} {of $WORKFLOW|in $REPO|}
m GC {did|has} {the |}{ci|workflow|build} {on main|for PR #$NUM|of $WORKFLOW} {pass|finish|succeed}{ed|}?
x GC {cancel|stop|delete} {the |}{workflow run|run|github actions run} $RUN
u GC {rerun|re-run|retry} {the |}{failed jobs of run $RUN|workflow run $RUN|workflow $WORKFLOW|failed checks of PR #$NUM}
u GC {disable|enable} {the |}{workflow|github action} $WORKFLOW
g GC {why|find out why} {did|does|is} {the |}{workflow $WORKFLOW|run $RUN|github actions build|ci on main} {fail|failing|red|broken}
c C {create|write|add|set up} a {Jenkinsfile|jenkins pipeline|gitlab pipeline|jenkins job} for $NAME
d C {trigger|run|start|kick off} {the |}{jenkins job|jenkins pipeline|deploy pipeline|gitlab pipeline} {$NAME|for $NAME} {with $ENVVAR|on $BRANCH|}
m C {show|get} {me |}{the |}{console log|status|result} of {the |}{jenkins build $NUM|build #$NUM of $NAME|pipeline $NAME|last jenkins build}
m CV {lint|validate} {the |}{Jenkinsfile|.gitlab-ci.yml|gitlab pipeline}
x C {abort|cancel|stop|kill} {the |}{jenkins build #$NUM|build $NUM of $NAME|pipeline $NAME|jenkins job $NAME}
u C {retry|rerun|re-run|restart} {the |}{failed stage|jenkins build $NUM|pipeline $NAME|gitlab job $NAME}
b C {back up|archive|export} {the |}jenkins {config|home|jobs}
g C {why|find out why} {did|does} {the |}{jenkins build #$NUM|jenkins job $NAME|pipeline $NAME|gitlab pipeline} {fail|hang|break}
s C {scale|add|increase} {the |}{jenkins agents|gitlab runners} to $N
c B {create|add} {a |the |}{user|system user|linux user} $NAME {on $HOST|}
c B {create|make} {a |the |}{directory|folder|file} {$PATH|called $NAME}
c B {add|create|set up|schedule} a cron {job|entry} {that runs $SCRIPT|for $SCRIPT} {every night|every 5 minutes|at 3am|daily}
c B {write|create} a {bash|shell} script {that|which} {cleans old logs|checks disk space|rotates $PATH|backs up $PATH}
c B {create|write|set up} a systemd {service|unit|timer} for {$NAME|$SCRIPT}
d B {install|apt install|yum install} {the package |}{$PKG|$PKG and $PKG} {on $HOST|with apt|on this machine|}
m B {show|check|what is} {me |}{the |}{disk usage|free memory|load|uptime|cpu usage} {of|on} {$HOST|this machine|the server}
m B {what|which process} {is |}{listening|running|listens} on port $PORT
m B {tail|show|read|follow} {the |}{$LOGFILE|syslog|journal of $SVC|logs of the $SVC service}
m B {is|check if} {the |}{$SVC service|$SVC daemon|$SVC} {running|up|active|alive} on $HOST
m B {find|list|show} {all |}{files|large files|logs} {in|under|below} $PATH {larger than 1G|older than 7 days|}
x B {delete|remove|wipe|rm} {the |all |}{file $FILE|folder $PATH|files in $PATH|old logs in $PATH}
x B {stop|kill|shut down|disable and remove} {the |}{$SVC service|process $NUM|$SVC on $HOST|host $HOST}
x B {uninstall|remove|purge} {the package |}$PKG {from $HOST|with apt|}
x B {remove|delete} {the |}{user $NAME|cron job of $NAME|linux user $NAME} {from $HOST|}
u B {restart|reload|bounce} {the |}{$SVC service|$SVC} {on $HOST|with systemctl|}
u B {update|upgrade} {all |the |}{packages|kernel|$PKG package} {on $HOST|}
u B {chmod|chown|move|rename} $PATH {to $PATH|}
u B {open|allow|block|close} port $PORT {in|on|with} {the firewall|ufw|$HOST}
u B {enable|disable} {the |}{$SVC service|$SVC unit} {at boot|on $HOST|}
u B {reboot|restart} {the |}{server|host|machine} {$HOST|}
b B {back up|backup|copy|archive|tar up|rsync} $PATH {to $PATH|to $HOST|}
b B {dump|back up|restore} {the |}{postgres|mysql} database $NAME {to $FILE|from $FILE}
g B {why|find out why} {is|does} {the |}{$SVC on $HOST|disk on $HOST|$HOST|$SVC service} {down|full|so slow|failing|not start|refusing connections}
g B {$SVC on $HOST|the $SVC service|$HOST} {fails to start|won't start|is unreachable|has high load|is out of disk space} {, please fix|, what is wrong?|}
s B {extend|grow|resize|enlarge} {the |}{disk|partition|root filesystem|logical volume} {on $HOST|by 10G|to $MEM}
m V {validate|lint|check the syntax of|verify} {the |}{yaml|json|yaml files|config file} {$FILE|in $DIR|}
m V {probe|verify that|check that} https://$NAME.example.com {answers|is up|returns 200|}
m DV {scan|lint} {the |}{image $IMAGEREF|Dockerfile|Dockerfile in $DIR|docker image $IMAGEREF for vulnerabilities}
m KV {validate|lint|verify} {the |}{manifests in $DIR|kubernetes manifests|k8s yaml $FILE}
n - {what is|what's|what are|explain|define} {docker|kubernetes|a pod|helm|terraform|containers|a namespace|ci/cd|github|devops|a load balancer|systemd|a hypervisor|an ingress}
n - {what is|what's|explain} the difference between {docker and podman|helm and kustomize|a pod and a container|git and github|tcp and udp|terraform and ansible|a vm and a container}
n - {who|when|why} {invented|created|made} {docker|kubernetes|linux|git|terraform|the internet}
n - {do|scale|restart|delete|deploy|update|show|fix|stop|undo} {it|that|this|them} {again|too|now|please|}
n - {same|do the same|the same thing} {for|in|on} {staging|prod|the other one|the others}
n - {recipe for|how do I cook|how to bake|best wine with} {lasagne|chicken curry|apple pie|bread|pancakes|salmon}
n - {write|compose|make up} {a poem|a story|a song|an essay|a joke} about {the sea|clouds|winter|a robot|containers|a pod of whales}
n - {implement|code|write} {quicksort|a linked list|a calculator|binary search|fibonacci|tic tac toe} in {python|java|rust|go|c++}
n - {what's the weather|is it going to rain|how warm is it} in {Berlin|Paris|Tokyo|London}
n - {who won|when is|where is} {the world cup|the next election|the olympics|the super bowl|the oscars}
n - {book|find|reserve} {a flight|a hotel|a table|a taxi} {to Rome|in Vienna|for tonight|}
n - {thanks|thank you|cheers|great|perfect|awesome} {a lot|very much|team|} {!|}
n - {what about|and|now} {the other one|the second|production|the rest|the database} {?|too|}
n - {no|yes|ok}, {port $PORT|the first one|use $N|not that|go ahead|do it}
n - why {is|was} {kubernetes|docker|helm|terraform|git|jenkins|nginx|the cron daemon} {called|named} {that|after a ship|so|the way it is}{?|}
n - why do {people|companies|we|teams} {use|like|prefer|need} {containers|kubernetes|terraform|namespaces|helm charts|CI pipelines|microservices}{?|}
n - {she|he|my boss|the company|our neighbour} has {a large network of friends|a new branch in Rome|a pod of dolphins|trouble with the scale|a secret recipe|a service dog}
n - {could you|can you|please} {restart|update|stop|scale|push|merge|release} {the discussion|the negotiations|our wedding plans|my holiday booking|the argument|the conversation about money}
n - the {pipeline of leads|service at the hotel|branch of the oak|network of spies|volume of the radio|image of the brand|cluster of houses} {looks thin|was terrible|is bad|is too low|fell down|is great}
m? D which command {shows|lists|prints} {the running containers|the docker networks|the logs of a container}
u? K which command {restarts|rolls back|updates} {a deployment|a daemonset|every pod of a statefulset}
x? K which command {deletes|removes} {a namespace|a pod|all jobs}
g? K how do {I|we} {work out|find out|figure out} why {my pod|the readiness probe|my deployment|the ingress} {fails|does not start|keeps failing|returns 404}{?|}
m K {tell me|do you know|might you tell me} whether {the cluster has room for $N more pods|all nodes are ready|$NAME is healthy|the pods in $NS run}
u K {allow|authorise|let|permit} the service account $NAME {to|} {read secrets|list pods|create jobs} in $NS
b? D how do I {move|copy|transfer} a {docker |}volume to another {machine|host|server} {without losing data|safely|}
s K {we need|I need|I want|we want|let's have|there should be|give me} {$N|four|six|seven|nine} {copies|instances|replicas|pods} of {the |}$NAME {in $NS|running|}
s K {we only have|there are only|only|we have|right now we have} $N {$NAME pods|copies of $NAME|$NAME|instances of $NAME}, {make it|make that|bring it to|we need} $N
s K {$N|three|five} {$NAME pods|copies of $NAME|instances of the $NAME} {are not enough|are too many|won't cut it}, {make it|go to|we need} $N
s K {run|keep|have} {$N|five|six} {copies|instances|replicas} of {the |}$NAME {in $NS|from now on|}
s D {give|grant} {the |}{$NAME container|container $NAME|docker container $NAME} {more room|more memory|more space|more ram}{:| -|,|} {$MEM|up to $MEM|to $MEM}
s D {the |}$NAME container {needs|wants|could use} {more room|more memory|more ram}{: $MEM|, give it $MEM|}
s K {give|grant} {the |}{deployment $NAME|$NAME pods|statefulset $NAME} {more room|more memory}{:| -|,} {$MEM|up to $MEM}
m K {what is|what's|how much is|how much does} {our|the|my} {cluster|kubernetes cluster|$NS cluster|$NS environment|node pool} {costing us|cost us|costing|cost} {per month|a month|each month|this month|right now|}{?|}
m K {what does|what do} {our|the} {cluster|$NS cluster|nodes|$NS environment} cost {us|} {per month|a month|}{?|}
m T {what are we paying for|how much do we pay for|show the monthly spend of|what is the bill for} {the |our |}{infrastructure|cloud resources|terraform stack|$NS infrastructure} {per month|this month|}
m V {smoke test|smoke-test|run a smoke test against|do a smoke test of} {http://$NAME.example.com|https://$NAME.example.com/health|http://localhost:$PORT/healthz|http://$HOST:$PORT}
c D {new|a new|make a|create a new} {bridge|overlay|macvlan} network {$NAME-net|$NAME|called $NAME}
s K {only have|we've only got|just got|we have just|got|we run} $N {gateways|workers|servers|frontends|web pods|consumers|backends|proxies}, {make it|make that|bring it to|make them} $N
s K {only|just} $N {gateways|workers|apis|frontends|consumers} {running|up|right now}{,| -} {make it|I want|we need} $N
