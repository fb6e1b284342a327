using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Client.Doctor;

/// <summary>What this machine offers: processor, memory, limits, addresses, ports.</summary>
/// <param name="root">The root of <c>/proc</c> and <c>/sys</c>; <c>/</c> but in tests.</param>
internal sealed class MachineChecks(string root = "/")
{
    private const long LittleMemory = 1L << 30;
    private const int FewFiles = 4096;

    /// <summary>All findings.</summary>
    public IEnumerable<Finding> All()
    {
        yield return Finding.Ok("program",
            $"tbptt {ProtocolVersion.Product}, .NET {Environment.Version}, {RuntimeInformation.OSDescription}, "
            + $"{RuntimeInformation.ProcessArchitecture}");
        yield return Processor();
        yield return Quota();
        yield return Memory();
        yield return OpenFiles();
        yield return Addresses();
        yield return Ports();
    }

    /// <summary>Cores and vector registers.</summary>
    public Finding Processor()
    {
        string model = Read("proc/cpuinfo").Split('\n').FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            is { } line ? line[(line.IndexOf(':') + 1)..].Trim() : "unknown model";
        string found = $"{model}, {Text.Plural(Environment.ProcessorCount, "core")}, ";
        int bits = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128
            : 0;
        return bits >= 256 || RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? Finding.Ok("processor", $"{found}vector registers of {bits} bits")
            : Finding.Warning("processor", $"{found}{(bits == 0 ? "no vector registers" : $"vector registers of {bits} bits")}",
                "256 bits or more",
                "the model stays the same, only training takes longer; look whether DOTNET_EnableAVX2=0 or a virtual machine hides them");
    }

    /// <summary>The share of the processor that the control group leaves.</summary>
    public Finding Quota()
    {
        string[] quota = Read(Group("cpu.max")).Split(' ', StringSplitOptions.TrimEntries);
        if (quota is ["max", _])
            return Finding.Ok("cpu limit", "none");
        if (quota.Length != 2 || !double.TryParse(quota[0], CultureInfo.InvariantCulture, out double used)
            || !double.TryParse(quota[1], CultureInfo.InvariantCulture, out double period) || period <= 0)
            return Finding.Unknown("cpu limit", "found no cpu.max of a control group, version 2");
        double cores = used / period;
        string found = string.Create(CultureInfo.InvariantCulture, $"{cores:0.##} cores by the control group");
        return cores >= 1 ? Finding.Ok("cpu limit", found)
            : Finding.Warning("cpu limit", found, "at least 1", "raise the container's limit: a trainer computes on a full core, "
                + "and a silo that gets none for seconds is declared dead");
    }

    /// <summary>Memory that can still be taken.</summary>
    public Finding Memory()
    {
        long free = Kibibytes("MemAvailable") is { } available ? available << 10 : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        string limit = "";
        if (long.TryParse(Read(Group("memory.max")), CultureInfo.InvariantCulture, out long most)
            && long.TryParse(Read(Group("memory.current")), CultureInfo.InvariantCulture, out long current))
        {
            limit = $", limit {Size(most)} by the control group";
            free = Math.Min(free, Math.Max(0, most - current));
        }

        return free >= LittleMemory ? Finding.Ok("memory", $"{Size(free)} free{limit}")
            : Finding.Warning("memory", $"{Size(free)} free{limit}", $"at least {Size(LittleMemory)}",
                "end other programs or raise the limit: the kernel kills silos when memory runs out");
    }

    /// <summary>How many files and connections a process may open.</summary>
    public Finding OpenFiles()
    {
        string line = Read("proc/self/limits").Split('\n').FirstOrDefault(one => one.StartsWith("Max open files", StringComparison.Ordinal))
            ?? "";
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // .NET raises the soft limit to the hard one.
        if (words is [_, _, _, _, "unlimited", ..])
            return Finding.Ok("open files", "no limit");
        if (words.Length < 5 || !long.TryParse(words[4], CultureInfo.InvariantCulture, out long hard))
            return Finding.Unknown("open files", "found no limit of open files in /proc/self/limits");
        return hard >= FewFiles ? Finding.Ok("open files", $"{Text.Count(hard)} at most")
            : Finding.Warning("open files", $"{Text.Count(hard)} at most", $"{Text.Count(FewFiles)}",
                "raise it: ulimit -Hn, or LimitNOFILE= of the unit");
    }

    /// <summary>The addresses at which other machines can reach this one.</summary>
    public static Finding Addresses()
    {
        string[] own =
        [
            .. NetworkInterface.GetAllNetworkInterfaces()
                .Where(one => one.OperationalStatus == OperationalStatus.Up && one.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .SelectMany(one => one.GetIPProperties().UnicastAddresses)
                .Select(one => one.Address)
                .Where(address => address.AddressFamily == AddressFamily.InterNetwork
                    && !address.ToString().StartsWith("169.254.", StringComparison.Ordinal))
                .Select(address => address.ToString()).Distinct(),
        ];
        return own switch
        {
            [] => Finding.Ok("addresses", "loopback only: silos of other machines cannot join"),
            [var only] => Finding.Ok("addresses", $"{only}, which tbptt-silo --address auto takes"),
            _ => Finding.Ok("addresses", $"{string.Join(", ", own)}: name one of them by tbptt-silo --address"),
        };
    }

    /// <summary>Whether programs can listen on the loopback.</summary>
    public static Finding Ports()
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            using var client = new TcpClient();
            client.Connect((IPEndPoint)listener.LocalEndpoint);
            return Finding.Ok("ports", "the loopback accepts connections");
        }
        catch (SocketException exception)
        {
            return Finding.Problem("ports", $"no connection on the loopback ({exception.Message})", "one",
                "look at the firewall and the sandbox of this process");
        }
    }

    /// <summary>Bytes in words.</summary>
    internal static string Size(long bytes) => bytes switch
    {
        >= 1L << 40 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 40):0.#} TiB"),
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.#} GiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.#} MiB"),
    };

    private long? Kibibytes(string name)
    {
        string? line = Read("proc/meminfo").Split('\n').FirstOrDefault(one => one.StartsWith($"{name}:", StringComparison.Ordinal));
        return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var number, ..]
            && long.TryParse(number, CultureInfo.InvariantCulture, out long size) ? size : null;
    }

    /// <summary>A file of this process's control group, version 2.</summary>
    private string Group(string file)
    {
        string line = Read("proc/self/cgroup").Split('\n').FirstOrDefault(one => one.StartsWith("0::", StringComparison.Ordinal)) ?? "0::/";
        string own = Path.Combine("sys/fs/cgroup", line[3..].Trim().TrimStart('/'), file);
        return File.Exists(Path.Combine(root, own)) ? own : Path.Combine("sys/fs/cgroup", file);
    }

    private string Read(string path)
    {
        try
        {
            return File.ReadAllText(Path.Combine(root, path)).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
