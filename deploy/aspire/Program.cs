// Redis, silos and Aspire's dashboard on this machine, for development:
//   dotnet build -c Release Silo Client; dotnet run --project deploy/aspire
// The dashboard shows logs, traces and metrics of the silos; the console trains on them with
//   tbptt train examples/average.yaml --cluster redis:127.0.0.1:6390
// Settings, as for any host: --Silos=3 --Redis:Port=6390 --Runs=DIR --Configuration=release
using Aspire.Hosting;
using Microsoft.Extensions.Configuration;

var builder = DistributedApplication.CreateBuilder(args);
string root = Path.GetFullPath(Path.Combine(builder.AppHostDirectory, "..", ".."));
string configuration = builder.Configuration["Configuration"] ?? "release";
int silos = builder.Configuration.GetValue("Silos", 2), port = builder.Configuration.GetValue("Redis:Port", 6390);
string silo = Path.Combine(root, "artifacts", "bin", "Silo", configuration, "tbptt-silo.dll");
if (!File.Exists(silo))
    throw new FileNotFoundException($"{silo}: found no silo, expected a built one; dotnet build -c {configuration} Silo", silo);

// The membership alone: nothing is kept on disk. An executable and not a container, so that no container engine is needed.
string membership = $"127.0.0.1:{port}";
var redis = builder.AddExecutable("redis", "redis-server", root, "--bind", "127.0.0.1", "--port", $"{port}", "--save", "", "--appendonly",
    "no");

for (int i = 1; i <= silos; i++)
{
    string name = $"silo-{i}";
    builder.AddExecutable(name, "dotnet", root, silo)
        .WithEnvironment("Tbptt__Name", name)
        .WithEnvironment("Tbptt__Runs", builder.Configuration["Runs"] ?? "runs")
        .WithEnvironment("Orleans__Clustering__ProviderType", "Redis")
        .WithEnvironment("Orleans__Clustering__ConnectionString", membership)
        .WithHttpEndpoint(name: "page", env: "Tbptt__Web__Http")
        .WithHttpHealthCheck("/health/ready", endpointName: "page")
        .WithOtlpExporter()
        .WaitForStart(redis);
}

builder.Build().Run();
