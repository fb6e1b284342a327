using System.Reflection;
using Mono.Cecil;

namespace Orleans.Tbptt.Tests.Architecture;

/// <summary>What the design forbids, looked for in the compiled assemblies.</summary>
public sealed class ArchitectureTests
{
    [Theory]
    [InlineData(Assemblies.Abstractions)]
    [InlineData(Assemblies.Data, Assemblies.Abstractions)]
    [InlineData(Assemblies.Training, Assemblies.Data, Assemblies.Abstractions)]
    [InlineData(Assemblies.Torch, Assemblies.Training, Assemblies.Data, Assemblies.Abstractions)]
    [InlineData(Assemblies.Gpu, Assemblies.Training, Assemblies.Data, Assemblies.Abstractions)]
    [InlineData(Assemblies.Grains, Assemblies.Training, Assemblies.Data, Assemblies.Abstractions)]
    [InlineData(Assemblies.Cluster, Assemblies.Abstractions)]
    [InlineData(Assemblies.Silo, Assemblies.Cluster, Assemblies.Grains, Assemblies.Training, Assemblies.Data, Assemblies.Abstractions)]
    [InlineData(Assemblies.Client, Assemblies.Cluster, Assemblies.Training, Assemblies.Data, Assemblies.Abstractions)]
    public void Assembly_UsesOthersOnlyAlongTheArrows(string assembly, params string[] allowed) =>
        Assert.Empty(Assemblies.References(assembly).Intersect(Assemblies.All).Except(allowed));

    [Theory]
    [InlineData(Assemblies.Abstractions)]
    [InlineData(Assemblies.Data)]
    [InlineData(Assemblies.Training)]
    [InlineData(Assemblies.Gpu)]
    [InlineData(Assemblies.Grains)]
    [InlineData(Assemblies.Silo)]
    [InlineData(Assemblies.Cluster)]
    [InlineData(Assemblies.Client)]
    public void Assembly_KnowsNoTensors(string assembly) =>
        Assert.DoesNotContain(Assemblies.References(assembly), name => name.StartsWith("TorchSharp", StringComparison.Ordinal));

    [Fact]
    public void Tensors_AreKnownToTheTorchEngine_SoThatTheTestAboveCanFail() =>
        Assert.Contains("TorchSharp", Assemblies.References(Assemblies.Torch));

    [Theory]
    [InlineData(Assemblies.Data)]
    [InlineData(Assemblies.Training)]
    [InlineData(Assemblies.Torch)]
    [InlineData(Assemblies.Gpu)]
    public void Assembly_KnowsNoGrainsContainersOrLoggers(string assembly)
    {
        using var module = Assemblies.Read(assembly);

        string[] used = [.. module.GetTypeReferences()
            .Select(type => (Assembly: AssemblyOf(type), Type: type.FullName))
            .Where(use => use.Assembly.StartsWith("Orleans.", StringComparison.Ordinal) && !Assemblies.All.Contains(use.Assembly)
                || use.Assembly.StartsWith("Microsoft.Extensions.DependencyInjection", StringComparison.Ordinal)
                || use.Assembly.StartsWith("Microsoft.Extensions.Logging", StringComparison.Ordinal)
                || use.Assembly.StartsWith("Microsoft.Extensions.Hosting", StringComparison.Ordinal))
            .Select(use => use.Type)];

        Assert.Empty(used);
    }

    [Theory]
    [InlineData(Assemblies.Data)]
    [InlineData(Assemblies.Training)]
    [InlineData(Assemblies.Torch)]
    [InlineData(Assemblies.Gpu)]
    public void Assembly_HasNoTaskInAnySignature(string assembly)
    {
        using var module = Assemblies.Read(assembly);

        var found = Assemblies.Methods(module).Where(method =>
            method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType)
                .Any(type => type.FullName.Contains("System.Threading.Tasks.", StringComparison.Ordinal)));

        Assert.Empty(found.Select(method => method.FullName));
    }

    [Theory]
    [InlineData(Assemblies.Abstractions)]
    [InlineData(Assemblies.Data)]
    [InlineData(Assemblies.Training)]
    [InlineData(Assemblies.Torch)]
    [InlineData(Assemblies.Gpu)]
    public void Assembly_AsksNoClockAndNoRandomNumberThatIsNotHandedIn(string assembly)
    {
        using var module = Assemblies.Read(assembly);

        var found = from method in Assemblies.Methods(module)
                    from call in Assemblies.Calls(method)
                    where IsClockOrRandom(call) && !NamesATemporaryFile(method, call)
                    select $"{method.FullName} calls {call.FullName}";

        Assert.Empty(found);
    }

    [Fact]
    public void Grains_ReadNoWallClock_AndDrawNoRandomNumbers()
    {
        using var module = Assemblies.Read(Assemblies.Grains);

        var found = from method in Assemblies.Methods(module)
                    from call in Assemblies.Calls(method)
                    where call.DeclaringType.FullName is "System.DateTime" or "System.DateTimeOffset" or "System.Random"
                        && IsClockOrRandom(call)
                    select $"{method.FullName} calls {call.FullName}";

        Assert.Empty(found);
    }

    [Fact]
    public void NoTensor_TravelsInAGrainCallOrAMessage()
    {
        var reachable = WireTypes.Reachable();

        Assert.Contains(typeof(Messages.GradientBuffer), reachable);
        Assert.DoesNotContain(reachable, type => type.Assembly.GetName().Name!.StartsWith("TorchSharp", StringComparison.Ordinal));
    }

    [Fact]
    public void GrainInterfaces_HaveAliases_AndSoHaveTheirMethods()
    {
        Assert.NotEmpty(WireTypes.GrainInterfaces);
        Assert.All(WireTypes.GrainInterfaces, grain =>
        {
            Assert.True(grain.IsDefined(typeof(AliasAttribute), inherit: false), $"{grain} has no alias");
            Assert.All(grain.GetMethods(), method =>
                Assert.True(method.IsDefined(typeof(AliasAttribute)), $"{grain}.{method.Name} has no alias"));
        });
    }

    /// <summary>An enumeration is written as a number, without its type's name.</summary>
    [Fact]
    public void WireTypes_HaveAliases_EachItsOwn()
    {
        Type[] named = [.. WireTypes.Serialized.Where(type => !type.IsEnum), .. WireTypes.GrainInterfaces];

        Assert.All(named, type => Assert.True(type.IsDefined(typeof(AliasAttribute), inherit: false), $"{type} has no alias"));
        var aliases = named.Select(type => type.GetCustomAttribute<AliasAttribute>(inherit: false)!.Alias).ToArray();
        Assert.Equal(aliases.Length, aliases.Distinct().Count());
    }

    [Fact]
    public void WireTypes_AreSealedOrAbstract() =>
        Assert.All(WireTypes.Serialized, type => Assert.True(type.IsSealed || type.IsAbstract, $"{type} can be inherited from"));

    [Fact]
    public void WireTypes_HaveEachIdOnce()
    {
        Assert.Contains(WireTypes.Serialized, type => WireTypes.Members(type).Count() > 5);
        Assert.All(WireTypes.Serialized, type =>
        {
            var ids = WireTypes.Members(type).Select(member => member.Id).ToArray();
            Assert.True(ids.Distinct().Count() == ids.Length, $"{type} has ids {string.Join(", ", ids)}");
        });
    }

    /// <summary>What is set when a message is made arrives only if it has an id: records and their like hold nothing else.</summary>
    [Fact]
    public void WireTypes_WriteEveryMemberThatIsSet()
    {
        var forgotten = from type in WireTypes.Serialized
                        where !type.IsEnum && !typeof(Exception).IsAssignableFrom(type)
                        from property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
                        where HoldsValue(type, property) && !property.IsDefined(typeof(IdAttribute))
                        select $"{type}.{property.Name}";

        Assert.Empty(forgotten);
    }

    private static bool HoldsValue(Type type, PropertyInfo property) =>
        type.GetField($"<{property.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic) is not null;

    private static string AssemblyOf(TypeReference type) => type.Scope is AssemblyNameReference reference ? reference.Name : "";

    /// <summary>The file's name must be nobody else's; no number of a run comes of it.</summary>
    private static bool NamesATemporaryFile(MethodDefinition method, MethodReference call) =>
        method.DeclaringType.FullName == "Orleans.Tbptt.Data.Tables.TemporaryFile" && call.Name == nameof(Guid.NewGuid);

    private static bool IsClockOrRandom(MethodReference call) => (call.DeclaringType.FullName, call.Name) switch
    {
        ("System.DateTime" or "System.DateTimeOffset", "get_Now" or "get_UtcNow" or "get_Today") => true,
        ("System.Environment", "get_TickCount" or "get_TickCount64") => true,
        ("System.Diagnostics.Stopwatch", _) => true,
        ("System.TimeProvider", "get_System") => true,
        ("System.Random" or "System.Security.Cryptography.RandomNumberGenerator", _) => true,
        ("System.Guid", "NewGuid" or "CreateVersion7") => true,
        _ => false,
    };
}
