"""Whatever starts another command is looked through, or a person is asked: no launcher hides what it launches."""

from __future__ import annotations

import pytest

from reign_agents.safety.check import judge_command

LOOKED_THROUGH = r"""
perf stat @
perf record -o /dev/null @
perf stat -- @
env - @
env -S '@'
env -i PATH=/bin @
bwrap --ro-bind / / @
bwrap --bind / / --dev /dev sh -c '@'
firejail @
firejail --net=none @
unshare -m @
unshare -r sh -c '@'
npx -c '@'
npm exec -c '@'
uv run @
uvx @
pipx run @
poetry run @
pipenv run @
crictl exec abc @
ctr task exec --exec-id x c @
ctr -n k8s.io t exec --exec-id 1 c @
nerdctl exec web @
podman exec web @
oc exec web -- @
oc rsh web @
lxc exec web -- @
incus exec web -- @
systemd-run @
systemd-run --scope @
systemd-run --pipe --wait @
flock /tmp/l @
flock /tmp/l -c '@'
watch '@'
watch -n1 @
parallel ::: '@'
parallel @ ::: x
script -c '@' /dev/null
script -qec '@' /dev/null
strace -f @
ltrace @
gdb -batch -ex 'shell @'
gdb -ex '!@'
gdb --args @
setpriv --reuid=0 @
chrt -b 0 @
ionice -c3 @
taskset -c 0 @
numactl -N 0 @
stdbuf -oL @
doas @
doas -u root @
pkexec @
runuser -u root -- @
runuser -c '@'
su -c '@'
su - root -c '@'
tmux new-session -d '@'
tmux new -d -s x '@'
tmux send-keys '@' Enter
tmux run-shell '@'
screen -dm @
screen -dmS x sh -c '@'
expect -c 'spawn @'
find . -exec @ \;
find . -execdir sh -c '@' \;
fd -x @
git -c alias.z='!@' z
git -c core.pager='@' log
git submodule foreach '@'
git bisect run @
git rebase -x '@' main
make --eval='x:;@'
vim -c '!@' x
vim -es -c '!@' -c q
vi +'!@' x
nvim --headless -c '!@'
man -P '@' ls
less '+!@' f
sed '1e @' f
awk 'BEGIN{system("@")}'
awk 'BEGIN{"@" | getline}'
tar xf x --to-command='@'
tar cf /dev/null x --checkpoint=1 --checkpoint-action=exec='@'
rsync -e '@' a h:b
rsync --rsync-path='@' a h:b
zip -T -TT '@' x.zip y
ssh -o ProxyCommand='@' h
ssh -oProxyCommand='@' h ls
ssh -o LocalCommand='@' -o PermitLocalCommand=yes h ls
ssh h -- @
ssh h -t @
ssh -tt -p 22 h '@'
ssh -p22 -l root h @
ssh -J a h @
scp -S '@' a h:b
mysql -e 'system @'
mysql -e '\! @'
sqlite3 x '.shell @'
sqlite3 x '.system @'
psql -c '\! @'
python3 -c 'import os; os.system("@")'
python3 -c 'import subprocess; subprocess.run("@", shell=True)'
perl -e 'system("@")'
perl -e 'exec "@"'
perl -e '`@`'
ruby -e 'system("@")'
ruby -e '`@`'
node -e 'require("child_process").execSync("@")'
php -r 'system("@");'
php -r 'shell_exec("@");'
lua -e 'os.execute("@")'
kubectl exec web -- @
kubectl exec -it web -c app -n x -- sh -c '@'
ansible all -m shell -a '@'
ansible all -a '@'
salt '*' cmd.run '@'
docker exec web @
docker exec -u root -it web sh -c '@'
docker compose exec web @
nsenter -t 999 -m @
chroot /mnt @
busybox @
busybox sh -c '@'
xargs @
xargs -I{} sh -c '@'
nohup @ &
setsid @
timeout -s KILL 5 @
time @
command @
exec @
builtin eval '@'
nice @
sudo -u x -g y -- @
sudo -iu postgres @
sudo sh -c '@'
dash -c '@'
entr -s '@'
hyperfine '@'
caffeinate @
proot -r / @
ip netns exec x @
multipass exec vm -- @
gcloud compute ssh vm --command '@'
fly ssh console -C '@'
at now <<< '@'
echo '@' | at now
sshpass -p x ssh h '@'
pdsh -w h '@'
pssh -H h '@'
nq @
direnv exec . @
mise exec -- @
nix-shell --run '@'
conda run -n x @
dotenv run @
aws-vault exec p -- @
op run -- @
doppler run -- @
chronic @
ts @
socat - EXEC:'@'
crontab - <<< '* * * * * @'
bash -c '@' --
bash --norc -c '@'
fish -c '@'
find . -type f -print0 | xargs -0 @
: | xargs @
emacs --batch --eval '(shell-command "@")'
gawk 'BEGIN{system("@")}'
R -e 'system("@")'
Rscript -e 'system("@")'
julia -e 'run(`@`)'
expect <<< 'spawn @'
GIT_SSH_COMMAND='@' git fetch
PAGER='@' git log
LESSOPEN='|@' less f
trap '@' EXIT
coproc @
mapfile -C '@' -c 1 x < f
git difftool -x '@'
git grep -O'@' x
""".strip().split("\n")
"""``@`` stands for the command that is started."""
ASKED = r"""
machinectl shell root@h /bin/sh -c '@'
rg --pre '@' x
kubectl debug web -it --image=x -- @
vagrant ssh -c '@'
limactl shell default @
minikube ssh '@'
aws ssm send-command --parameters 'commands=@'
heroku run '@'
nix shell nixpkgs#x -c @
dotnet script -e '@'
go run x.go
deno eval 'Deno.run("@")'
""".strip().split("\n")


@pytest.mark.parametrize("launcher", LOOKED_THROUGH)
def test_a_catastrophe_behind_a_launcher_is_denied(launcher: str) -> None:
    assert judge_command(launcher.replace("@", "rm -rf /")).verdict == "deny"


@pytest.mark.parametrize("launcher", LOOKED_THROUGH + ASKED)
@pytest.mark.parametrize("command", ["touch x", "reboot", "rm notes.txt"])
def test_a_change_behind_a_launcher_is_never_allowed(launcher: str, command: str) -> None:
    assert judge_command(launcher.replace("@", command)).verdict != "allow"


@pytest.mark.parametrize(
    "launcher",
    [
        *("perf stat @", "env - @", "bwrap --ro-bind / / @", "crictl exec abc @", "ssh h -- @", "ssh -p22 -l root h @"),
        *("flock /tmp/l @", "strace -c @", "timeout 5 @", "docker exec web @", "kubectl exec web -- @", "pdsh -w h @"),
        *("sudo -u x -- @", "nice -n 5 @", "stdbuf -oL @", "su -c '@'", "find . -exec @ \\;", "xargs -n1 @"),
        *("ionice -c3 @", "taskset -c 0 @", "setpriv --reuid=0 @", "unshare -r @", "ip netns exec x @", "oc rsh web @"),
    ],
)
def test_a_read_behind_a_transparent_launcher_stays_a_read(launcher: str) -> None:
    assert judge_command(launcher.replace("@", "id")).verdict == "allow"
